// Asks the server for an answer, and lets it grow until it is done, stopped or failed.

import { grow, newAnswer } from "./recording.js";
import { streamChat } from "./server.js";

const STREAMING_WINDOW = 16;  // where nothing else is said

/// Only streaming has a window of one size; the others choose theirs step by step.
function windowSize(model, members) {
  if (members.mode !== "streaming") return 0;
  const size = members.window_size ?? model.defaults.window_size;
  return Number.isInteger(size) ? size : STREAMING_WINDOW;
}

/// The answer, whose state says how it went; `onGrow` is called with it as it grows. Never rejects.
export async function answerTo(messages, { model, members, showsWindow, signal, onGrow }) {
  const answer = newAnswer(model.id, members, windowSize(model, members));
  onGrow(answer);
  const body = {
    messages,
    ...members,
    return_token_ids: true,
    stream_options: { include_usage: true, window: showsWindow },
  };
  try {
    await streamChat(body, signal, (event, seconds) => {
      grow(answer, event, seconds);
      onGrow(answer);
    });
    answer.state = "done";
  } catch (error) {
    answer.state = error.name === "AbortError" ? "stopped" : "failed";
    if (answer.state === "failed") answer.error = error.message;
  }
  onGrow(answer);
  return answer;
}
