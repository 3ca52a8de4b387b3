// Calls to the server, whose addresses are relative: the page also works under a path of another server.

/// What the server said instead of answering: its message, and the status (0: it could not be reached).
export class ServerError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function reach(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError("The server cannot be reached.", 0);
  }
  if (response.ok) return response;
  let message = `The server answered ${response.status}.`;
  try {
    message = (await response.json()).error.message;
  } catch {
    // No JSON: a proxy's page, maybe.
  }
  throw new ServerError(message, response.status);
}

/// The served model: its id, max_model_len, modes and defaults. While it is loaded this waits, and tells `onWaiting` why.
export async function servedModel(onWaiting) {
  for (;;) {
    try {
      const models = await (await reach("v1/models")).json();
      return models.data[0];
    } catch (error) {
      if (error.status !== 503 && error.status !== 0) throw error;
      onWaiting(error.message);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/// Streams a chat completion: each event's object goes to `onEvent` with the seconds since the request was sent.
export async function streamChat(body, signal, onEvent) {
  const start = performance.now();
  const response = await reach("v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true }),
    signal,
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServerError("The connection broke off.", 0);
    }
    if (part.done) throw new ServerError("The answer broke off.", 0);
    const seconds = (performance.now() - start) / 1000;
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ")) continue;
      const data = line.slice("data: ".length);
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new ServerError(event.error.message, event.error.code ?? 0);
      onEvent(event, seconds);
    }
  }
}
