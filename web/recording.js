// An answer as it grows: what the events of a stream say, step by step, so that it can be gone through again.
//
// A step is { seconds, parts, numTokens, window, rejected }: parts are [text, isVerified] that became text, window has the
// text of each guess, or null where a position is still empty, and rejected the guesses that were refused.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/// `verified` has pairs of a first byte and a number of bytes, ascending.
function partsOf(text, verified) {
  if (!verified?.length) return text ? [[text, false]] : [];
  const bytes = encoder.encode(text);
  const parts = [];
  let end = 0;
  const add = (from, to, isVerified) => {
    if (to > from) parts.push([decoder.decode(bytes.subarray(from, to)), isVerified]);
  };
  for (const [first, length] of verified) {
    add(end, first, false);
    add(first, first + length, true);
    end = first + length;
  }
  add(end, bytes.length, false);
  return parts;
}

/// `windowSize` is that of a window which has the same size in every step, else 0.
export function newAnswer(model, settings, windowSize) {
  return {
    role: "assistant",
    content: "",
    reasoning: "",
    state: "running",  // then done, stopped or failed
    error: null,
    finish: null,
    model,
    settings,
    windowSize,
    steps: [],
    tokenIds: [],
    timings: null,
    seconds: 0,
  };
}

/// The guesses of a step. Empty positions at the end of a window are not told where they are known: they are added.
function windowOf(choice, windowSize) {
  const window = choice.window?.map((position) => position.text) ?? [];
  while (choice.window && window.length < windowSize) window.push(null);
  return window;
}

/// Adds what an event brought.
export function grow(answer, event, seconds) {
  const choice = event.choices[0];
  if (!choice) return;
  const content = choice.delta.content ?? "";
  const reasoning = choice.delta.reasoning ?? "";
  const ids = choice.token_ids ?? [];
  answer.content += content;
  answer.reasoning += reasoning;
  answer.tokenIds.push(...ids);
  answer.seconds = seconds;
  if (choice.finish_reason) {
    answer.finish = choice.finish_reason;
    answer.timings = event.timings;
    if (answer.steps.length) answer.steps.at(-1).window = [];  // behind the end is none
  }
  const text = reasoning + content;
  const isStep = text || ids.length || choice.window?.length || choice.rejected?.length;
  if (!isStep) return;
  answer.steps.push({
    seconds,
    parts: partsOf(text, choice.verified),
    numTokens: ids.length,
    window: choice.finish_reason ? [] : windowOf(choice, answer.windowSize),
    rejected: choice.rejected ?? [],
  });
}

/// Whether there is a window to go through.
export function hasWindows(answer) {
  return answer.steps.some((step) => step.window.length > 0 || step.rejected.length > 0);
}
