// The conversation that is open: shows its messages, asks for answers, and keeps what has come.

import { answerTo } from "./answering.js";
import { requestMessages } from "./conversation.js";
import { announce, byId, oncePerFrame } from "./dom.js";
import { AnswerView, userMessage } from "./message_view.js";
import { welcome } from "./suggestions.js";

const KEEP_EVERY_MS = 500;
const NEAR_END = 80;  // pixels from the end within which the view follows the text

export class ChatView {
  model = null;
  conversation = null;
  #frame = byId("chat-view");
  #column = byId("chat");
  #answers = [];  // the AnswerViews that are shown
  #running = null;  // the AbortController of the answer that runs
  #hooks;
  #settings;

  /// `hooks`: keep(conversation), running() when that changes, race(messages), choose(prompt).
  constructor(settings, hooks) {
    this.#settings = settings;
    this.#hooks = hooks;
  }

  get isRunning() {
    return this.#running !== null;
  }

  open(conversation) {
    this.stop();
    this.conversation = conversation;
    this.refresh();
    this.#frame.scrollTop = this.#frame.scrollHeight;
  }

  refresh() {
    const { messages } = this.conversation;
    this.#answers = [];
    if (messages.length === 0) {
      this.#column.replaceChildren(welcome(this.model, this.#hooks.choose));
    } else {
      this.#column.replaceChildren(...messages.map((message, index) => this.#viewOf(message, index)));
    }
  }

  /// Formats the texts anew: the libraries have come.
  reformat() {
    this.#answers.forEach((view) => view.updateBody());
  }

  #viewOf(message, index) {
    if (message.role === "user") return userMessage(message, { edit: (text) => this.#sendFrom(index, text) });
    return this.#answerView(message, index).element;
  }

  #answerView(message, index) {
    const view = new AnswerView(message, {
      retry: () => this.#answerFrom(index),
      race: () => this.#hooks.race(requestMessages(this.conversation, index)),
    });
    this.#answers.push(view);
    return view;
  }

  send(text) {
    return this.#sendFrom(this.conversation.messages.length, text);
  }

  /// Opens the last of the user's messages for editing.
  editLast() {
    [...this.#column.querySelectorAll(".message.user")].at(-1)?.edit();
  }

  stop() {
    this.#running?.abort();
  }

  /// Puts `text` at `index`, instead of what stands from there on, and asks for the answer.
  #sendFrom(index, text) {
    this.stop();
    this.conversation.messages.splice(index, Infinity, { role: "user", content: text });
    return this.#answerFrom(index + 1);
  }

  async #answerFrom(index) {
    this.stop();
    const { conversation } = this;
    conversation.messages.length = index;
    const running = new AbortController();
    this.#running = running;
    this.#hooks.running();
    this.refresh();

    let view = null;
    let kept = 0;
    const draw = oncePerFrame(() => this.#following(() => view.update()));
    const answer = await answerTo(requestMessages(conversation), {
      model: this.model,
      members: this.#settings.members(),
      showsWindow: this.#settings.showsWindow,
      signal: running.signal,
      onGrow: (grown) => {
        if (view === null) {
          conversation.messages.push(grown);
          view = this.#answerView(grown, index);
          this.#column.append(view.element);
          this.#frame.scrollTop = this.#frame.scrollHeight;
        }
        draw();
        if (performance.now() - kept < KEEP_EVERY_MS) return;
        kept = performance.now();
        this.#keep(conversation);
      },
    });
    this.#keep(conversation);
    if (this.#running === running) {
      this.#running = null;
      this.#hooks.running();
    }
    announce(answer.error ?? (answer.state === "stopped" ? "Stopped" : `Answer: ${answer.content}`));
  }

  #keep(conversation) {
    conversation.changed = Date.now();
    this.#hooks.keep(conversation);
  }

  /// Runs `change` and stays at the end where the view was there before.
  #following(change) {
    const frame = this.#frame;
    const follows = frame.scrollHeight - frame.scrollTop - frame.clientHeight < NEAR_END;
    change();
    if (follows) frame.scrollTop = frame.scrollHeight;
  }
}
