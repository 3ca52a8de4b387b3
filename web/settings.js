// What can be set for an answer: names as the API has them, ranges, and a line on what each does. Kept in this browser
// are only those that were changed; the others are the server's defaults.

const KEY = "wedlm.settings";

export const MODES = [
  {
    value: "streaming",
    name: "Streaming",
    line: "Fills several positions of a window in one forward, for good. The fastest; τ says how bold it is.",
  },
  {
    value: "exact",
    name: "Exact",
    line: "The text of autoregressive decoding, in fewer forwards: each guess is verified before it is shown.",
  },
  {
    value: "gated",
    name: "Gated",
    line: "Verifies its guesses too, and keeps those that are likely enough. Between the two above.",
  },
  {
    value: "autoregressive",
    name: "Autoregressive",
    line: "One token after the other, as usual language models write.",
  },
];

export const modeName = (value) => MODES.find((mode) => mode.value === value)?.name ?? value;

export const NUMBERS = [
  {
    key: "temperature",
    name: "Temperature",
    line: "0 always takes the most likely token; larger is more varied.",
    min: 0,
    max: 2,
    step: 0.05,
    fallback: 0,
  },
  {
    key: "entropy_threshold",
    name: "τ, entropy threshold",
    line: "A position is filled where the model is surer than this, in nats. Larger is faster and less careful.",
    min: 0.05,
    max: 3,
    step: 0.05,
    fallback: 0.4,
  },
  {
    key: "pos_penalty",
    defaultKey: "position_penalty",
    name: "λ, position penalty",
    line: "Entropy added for each position of distance from the known text. Larger fills more from left to right.",
    min: 0,
    max: 0.5,
    step: 0.01,
    fallback: 0.02,
  },
  {
    key: "window_size",
    name: "Window",
    line: "How many positions after the text are guessed in one forward.",
    min: 1,
    max: 64,
    step: 1,
    fallback: 16,
    absent: "auto",
  },
  {
    key: "max_tokens",
    name: "Length",
    line: "Most tokens of an answer; without it as many as there is room for.",
    min: 1,
    max: 4096,
    step: 1,
    fallback: 512,
    absent: "all the room",
    isServersToChoose: true,
  },
];

/// The changed ones by their key, and listeners to changes.
export class Settings extends EventTarget {
  #changed = {};
  #defaults = {};
  maxLength = 4096;

  constructor() {
    super();
    try {
      this.#changed = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      // As if nothing had been changed.
    }
  }

  /// What the served model does where nothing is said.
  serve(model) {
    this.#defaults = model.defaults;
    this.maxLength = model.max_model_len;
    this.dispatchEvent(new Event("change"));
  }

  get mode() {
    return this.#changed.mode ?? this.#defaults.mode ?? "streaming";
  }

  get showsWindow() {
    return this.#changed.showsWindow ?? true;
  }

  /// The default of a number: null where the server decides by itself.
  defaultOf(number) {
    if (number.isServersToChoose) return null;
    const value = this.#defaults[number.defaultKey ?? number.key];
    return typeof value === "number" ? value : null;
  }

  changed(key) {
    return this.#changed[key];
  }

  /// undefined takes the change back.
  change(key, value) {
    if (value === undefined) delete this.#changed[key];
    else this.#changed[key] = value;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#changed));
    } catch {
      // It holds until the page is left.
    }
    this.dispatchEvent(new Event("change"));
  }

  reset() {
    for (const key of Object.keys(this.#changed)) this.change(key, undefined);
  }

  /// The members of a request.
  members() {
    const members = { mode: this.mode };
    for (const { key } of NUMBERS) {
      if (this.#changed[key] !== undefined) members[key] = this.#changed[key];
    }
    return members;
  }
}
