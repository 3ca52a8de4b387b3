// Conversations in this browser's IndexedDB. Where that cannot be had (some private windows) they last as long as the page.

const NAME = "wedlm";
const TABLE = "conversations";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Store {
  #database = null;

  static async open() {
    const store = new Store();
    try {
      store.#database = await opened();
    } catch {
      // Nothing is kept then; isKept says so.
    }
    return store;
  }

  get isKept() {
    return this.#database !== null;
  }

  #table(mode) {
    return this.#database.transaction(TABLE, mode).objectStore(TABLE);
  }

  /// All of them, the latest first.
  async all() {
    if (!this.isKept) return [];
    const found = await answered(this.#table("readonly").getAll());
    return found.sort((a, b) => b.changed - a.changed);
  }

  async put(conversation) {
    if (this.isKept) await answered(this.#table("readwrite").put(conversation));
  }

  async remove(id) {
    if (this.isKept) await answered(this.#table("readwrite").delete(id));
  }
}
