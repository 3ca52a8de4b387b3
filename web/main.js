// Puts the page together: conversations, the views, the composer and the settings.

import { ChatView } from "./chat_view.js";
import { save } from "./clipboard.js";
import { Composer } from "./composer.js";
import { asJson, asMarkdown, newConversation, settle, titleOf } from "./conversation.js";
import { showConversations } from "./conversation_list.js";
import { announce, byId } from "./dom.js";
import { Drawers } from "./drawers.js";
import { loadLibraries } from "./libraries.js";
import { RaceView } from "./race_view.js";
import { servedModel } from "./server.js";
import { Settings } from "./settings.js";
import { showSettings } from "./settings_panel.js";
import { Store } from "./store.js";
import { toast } from "./toast.js";
import { Views } from "./views.js";

const store = await Store.open();
const settings = new Settings();
let conversations = (await store.all()).map(settle);
const removed = new Set();  // an answer that still ran may want to keep one of these

const chat = new ChatView(settings, {
  keep,
  running: showRunning,
  race: (messages) => {
    chat.stop();  // or it would slow the race down
    views.show("race");
    raceView.run(messages);
  },
  choose: (prompt) => {
    composer.focus();
    if (chat.model) chat.send(prompt);
    else composer.write(prompt);
  },
});
const raceView = new RaceView(settings, showRunning);
const composer = new Composer({
  send: (text) => (views.current === "chat" ? chat.send(text) : raceView.run([...systemMessages(), { role: "user", content: text }])),
  stop,
  editLast: () => views.current === "chat" && chat.editLast(),
});
const views = new Views((name) => {
  composer.placeholder = name === "chat" ? "Ask something" : "A prompt for both";
  if (name === "race") raceView.takeMode();
});
const drawers = new Drawers(fillSettings);

function systemMessages() {
  const system = chat.conversation.system.trim();
  return system ? [{ role: "system", content: system }] : [];
}

function stop() {
  chat.stop();
  raceView.stop();
}

function showRunning() {
  composer.isRunning = chat.isRunning || raceView.isRunning;
}

function showList() {
  showConversations(byId("conversation-list"), conversations, chat.conversation, { open, remove });
}

/// Keeps a conversation that has something in it, and puts it on top of the list.
function keep(conversation) {
  if (removed.has(conversation) || (conversation.messages.length === 0 && !conversation.system)) return;
  if (conversations[0] !== conversation) {
    conversations = [conversation, ...conversations.filter((one) => one !== conversation)];
    showList();
  }
  store.put(conversation).catch(() => announce("This browser does not keep the conversation: it has no room."));
}

function open(conversation) {
  chat.open(conversation);
  views.show("chat");
  showList();
  drawers.closeOverlaid();
  if (drawers.settings.isOpen) fillSettings();
}

function remove(conversation) {
  removed.add(conversation);
  if (conversation === chat.conversation) open(newConversation());
  conversations = conversations.filter((one) => one !== conversation);
  store.remove(conversation.id);
  showList();
  toast(`Deleted “${titleOf(conversation)}”`, "Undo", () => {
    removed.delete(conversation);
    keep(conversation);
    open(conversation);
  });
}

function fillSettings() {
  const { conversation } = chat;
  const onSystem = (text) => {
    conversation.system = text;
    keep(conversation);
  };
  showSettings(byId("settings"), settings, conversation, onSystem, () => drawers.closeSettings());
}

function exportAs(ending, type, text) {
  const name = titleOf(chat.conversation).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").toLowerCase();
  save(`${name || "conversation"}.${ending}`, type, text(chat.conversation));
  byId("export-menu").open = false;
}

byId("new-conversation").addEventListener("click", () => {
  open(newConversation());
  composer.focus();
});
byId("export-markdown").addEventListener("click", () => exportAs("md", "text/markdown", asMarkdown));
byId("export-json").addEventListener("click", () => exportAs("json", "application/json", asJson));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (byId("export-menu").open) byId("export-menu").open = false;
  else if (drawers.closeOverlaid()) return;
  else if (byId("settings").contains(document.activeElement)) drawers.closeSettings();
  else stop();
});
document.addEventListener("click", (event) => {
  if (!byId("export-menu").contains(event.target)) byId("export-menu").open = false;
});

chat.open(conversations[0] ?? newConversation());
showList();
composer.focus();
loadLibraries().then(() => chat.reformat());

const state = byId("model-state");
state.textContent = "Connecting …";
try {
  const model = await servedModel((why) => (state.textContent = why));
  chat.model = model;
  raceView.model = model;
  settings.serve(model);
  raceView.takeMode();
  state.textContent = model.id;
  composer.isReady = true;
  if (chat.conversation.messages.length === 0) chat.refresh();
  if (drawers.settings.isOpen) fillSettings();
} catch (error) {
  state.textContent = error.message;
}
