// A conversation: { id, title, changed, system, messages }, and what it looks like to the server and in a file.

import { modeName } from "./settings.js";

const TITLE_LENGTH = 60;

export function newConversation() {
  return { id: crypto.randomUUID?.() ?? String(Date.now() + Math.random()), title: "", changed: Date.now(), system: "", messages: [] };
}

/// What the list calls it: the beginning of what was asked first.
export function titleOf(conversation) {
  const first = conversation.messages.find((message) => message.role === "user");
  const text = (conversation.title || first?.content || "New conversation").trim().replace(/\s+/g, " ");
  return text.length > TITLE_LENGTH ? `${text.slice(0, TITLE_LENGTH - 1)}…` : text;
}

/// The messages before index `end`, as the API has them. Answers that never began are left out.
export function requestMessages(conversation, end = conversation.messages.length) {
  const messages = conversation.messages
    .slice(0, end)
    .filter((message) => message.role !== "assistant" || message.content !== "")
    .map(({ role, content }) => ({ role, content }));
  const system = conversation.system.trim();
  return system ? [{ role: "system", content: system }, ...messages] : messages;
}

/// An answer that ran when the page was left has stopped.
export function settle(conversation) {
  for (const message of conversation.messages) {
    if (message.state === "running") message.state = "stopped";
  }
  return conversation;
}

export function asMarkdown(conversation) {
  const parts = [`# ${titleOf(conversation)}`];
  if (conversation.system.trim()) parts.push("## System", conversation.system.trim());
  for (const message of conversation.messages) {
    parts.push(message.role === "user" ? "## You" : `## ${message.model} (${modeName(message.settings.mode)})`, message.content);
  }
  return `${parts.join("\n\n")}\n`;
}

export function asJson(conversation) {
  const messages = conversation.messages.map(({ steps, windowSize, ...message }) => message);
  return `${JSON.stringify({ ...conversation, title: titleOf(conversation), messages }, null, 2)}\n`;
}
