// A race: the same prompt by autoregressive decoding and by another mode, one after the other, so that neither slows the
// other down.

import { answerTo } from "./answering.js";

const MAX_SEED = 2 ** 31;

/// `onProgress` is told which lane (0, 1) runs and its answer so far. Gives both answers; the second is missing where the
/// first was stopped or failed.
export async function race(messages, { model, members, mode, signal, onProgress }) {
  const seed = members.seed ?? Math.floor(Math.random() * MAX_SEED);
  const run = (lane, lanesMembers) =>
    answerTo(messages, {
      model,
      members: { ...members, seed, ...lanesMembers },
      showsWindow: true,
      signal,
      onGrow: (answer) => onProgress(lane, answer),
    });
  // The first would compute the prompt and the second find it in the cache: so let both find it there.
  const warmUp = await answerTo(messages, {
    model,
    members: { ...members, mode: "autoregressive", max_tokens: 1 },
    showsWindow: false,
    signal,
    onGrow: () => {},
  });
  if (warmUp.state !== "done") return [warmUp];
  const first = await run(0, { mode: "autoregressive" });
  if (first.state !== "done") return [first];
  return [first, await run(1, { mode })];
}
