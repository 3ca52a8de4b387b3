// The view of a race: both lanes, replayed side by side at the pace that was recorded, and what came of it.

import { announce, button, byId, element } from "./dom.js";
import { race } from "./race.js";
import { RaceLane } from "./race_lane.js";
import { MODES, modeName } from "./settings.js";
import { difference } from "./text_difference.js";

const PACES = [1, 2, 5, 10, 25];  // how many times slower
const SHORTEST_REPLAY = 3;        // seconds that a replay should last to be seen

const RIVALS = MODES.filter((mode) => mode.value !== "autoregressive");

function paceName(pace) {
  return pace === 1 ? "as it was" : `${pace} times slower`;
}

const INTRODUCTION =
  "The same prompt, decoded twice: one token at a time, and by the mode you choose. They run one after the other and " +
  "are replayed side by side. Write a prompt below, or take one from an answer’s “Race”.";

const pace = (answer) => answer.tokenIds.length / answer.seconds;

export class RaceView {
  model = null;
  #root = byId("race-view");
  #settings;
  #onRunning;
  #running = null;
  #lanes = [];
  #replay = 0;  // counts replays: an older one ends when a newer begins

  /// `onRunning` is called when isRunning changes.
  constructor(settings, onRunning) {
    this.#settings = settings;
    this.#onRunning = onRunning;
    this.#build();
  }

  #build() {
    this.rival = element("select", { id: "rival" }, RIVALS.map(({ value, name }) => element("option", { value }, name)));
    const paces = PACES.map((pace) => element("option", { value: pace }, paceName(pace)));
    this.pace = element("select", { id: "pace", onchange: () => this.replay() }, paces);
    this.replayer = button("Replay", () => this.replay(), { class: "text-button" });
    this.controls = element("div", { class: "race-controls", hidden: true }, this.replayer, element("label", {}, "Pace ", this.pace));
    this.prompt = element("p", { class: "race-prompt", hidden: true });
    this.track = element("div", { class: "track" });
    this.intro = element("p", { class: "lead" }, INTRODUCTION);
    this.verdict = element("div", { class: "verdict" });
    this.outcome = element("div", { class: "outcome" });
    this.#root.replaceChildren(
      element(
        "div",
        { class: "race" },
        element("h1", {}, "Autoregressive against ", element("label", { class: "unseen", htmlFor: "rival" }, "Mode"), this.rival),
        this.intro,
        this.prompt,
        this.track,
        element("div", { class: "race-end" }, this.verdict, this.controls),
        this.outcome,
      ),
    );
    this.takeMode();
  }

  /// The rival is the settings' mode, if that is one.
  takeMode() {
    if (RIVALS.some(({ value }) => value === this.#settings.mode)) this.rival.value = this.#settings.mode;
  }

  get isRunning() {
    return this.#running !== null;
  }

  stop() {
    this.#running?.abort();
  }

  async run(messages) {
    this.stop();
    const mode = this.rival.value;
    this.#lanes = [new RaceLane("autoregressive"), new RaceLane(mode)];
    this.#lanes[1].waiting();
    this.#replay++;
    this.intro.hidden = true;
    this.prompt.hidden = false;
    this.prompt.textContent = messages.at(-1).content;
    this.controls.hidden = true;
    this.verdict.replaceChildren();
    this.outcome.replaceChildren();
    this.track.replaceChildren(...this.#lanes.map((lane) => lane.element));

    const running = new AbortController();
    this.#running = running;
    this.#onRunning();
    const answers = await race(messages, {
      model: this.model,
      members: this.#settings.members(),
      mode,
      signal: running.signal,
      onProgress: (lane, answer) => this.#lanes[lane].running(answer),
    });
    if (this.#running !== running) return;
    this.#running = null;
    this.#onRunning();
    const last = answers.at(-1);
    if (last.state !== "done") return this.#failed(last);
    this.#finished(answers);
  }

  #failed(answer) {
    this.#lanes.forEach((lane) => (lane.line.textContent = ""));
    const text = answer.state === "stopped" ? "Stopped." : answer.error;
    this.outcome.replaceChildren(element("p", { class: answer.state === "stopped" ? "nothing" : "error" }, text));
  }

  #finished(answers) {
    this.#lanes.forEach((lane, index) => lane.finished(answers[index]));
    const longest = Math.max(...answers.map((answer) => answer.seconds));
    this.pace.value = PACES.find((pace) => pace * longest >= SHORTEST_REPLAY) ?? PACES.at(-1);
    this.controls.hidden = false;
    this.replay(() => this.#tell(answers));
  }

  replay(onEnd = () => {}) {
    const mine = ++this.#replay;
    const slowness = Number(this.pace.value);
    const longest = Math.max(...this.#lanes.map((lane) => lane.seconds));
    const start = performance.now();
    const draw = () => {
      if (mine !== this.#replay) return;
      const seconds = (performance.now() - start) / 1000 / slowness;
      const ended = this.#lanes.map((lane) => lane.showAt(seconds, longest));
      if (ended.every(Boolean)) onEnd();
      else requestAnimationFrame(draw);
    };
    draw();
  }

  #tell(answers) {
    const [first, second] = answers;
    const name = modeName(second.settings.mode);
    const isSame = first.content === second.content;
    // Texts of other lengths take other times: then it is the pace that can be compared.
    const ratio = isSame ? first.seconds / second.seconds : pace(second) / pace(first);
    const times = (ratio >= 1 ? ratio : 1 / ratio).toFixed(1);
    const verdict = ratio >= 1
      ? isSame ? `${name} was ${times} times as fast` : `${name} wrote ${times} times as many tokens a second`
      : isSame ? `${name} took ${times} times as long` : `Autoregressive wrote ${times} times as many tokens a second`;
    const text = isSame ? "Both have the same text." : "The texts differ.";
    announce(`${verdict}. ${text}`);
    this.verdict.replaceChildren(element("p", {}, verdict), element("p", { class: "line same" }, text));
    if (!isSame) this.outcome.replaceChildren(this.#differences(first.content, second.content, name));
  }

  #differences(first, second, name) {
    const looks = { both: "span", first: "del", second: "ins" };
    const parts = difference(first, second).map(({ kind, text }) => element(looks[kind], {}, text));
    return element(
      "section",
      { class: "difference", "aria-label": "Difference in text" },
      element("h2", {}, "Difference in text"),
      element("p", { class: "line" }, element("del", {}, "only autoregressive"), " ", element("ins", {}, `only ${name.toLowerCase()}`)),
      element("p", { class: "difference-text" }, parts),
    );
  }
}
