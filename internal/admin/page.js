"use strict";
(() => {
  const connection = document.getElementById("connection");
  const said = document.getElementById("said");
  const parser = new DOMParser();

  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const connected = (is) => {
    connection.dataset.live = is ? "yes" : "no";
    say(connection, is ? "Live" : "Not connected: trying again");
  };

  // Makes a node what another one is, and keeps what is the same: a selection, the focus,
  // and what a screen reader has read. Elements with an id stay themselves.
  const become = (old, next) => {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!next.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    const ids = new Set([...next.children].map((child) => child.id));
    const known = new Map();
    for (const child of [...old.children]) {
      if (child.id && !ids.has(child.id)) child.remove();
      else if (child.id) known.set(child.id, child);
    }
    old.normalize();
    let at = old.firstChild;
    for (const child of next.childNodes) {
      const isElement = child.nodeType === Node.ELEMENT_NODE;
      if (isElement && at && at.nodeType === Node.TEXT_NODE) { // beside what has gone
        const rest = at;
        at = at.nextSibling;
        rest.remove();
      }
      let match = child.id ? known.get(child.id) : at;
      if (match && (match.nodeName !== child.nodeName || (isElement && match.id !== child.id))) match = null;
      if (!match) {
        old.insertBefore(document.importNode(child, true), at);
        continue;
      }
      if (match !== at) old.insertBefore(match, at);
      become(match, child);
      at = match.nextSibling;
    }
    while (at) {
      const rest = at;
      at = at.nextSibling;
      rest.remove();
    }
  };

  const show = (text) => {
    const main = document.querySelector("main");
    const next = parser.parseFromString(text, "text/html").querySelector("main");
    if (next.dataset.build !== main.dataset.build) {
      location.reload();
      return;
    }
    const focused = document.activeElement;
    const account = focused.closest("article");
    become(main, next);
    document.title = next.dataset.title;
    if (focused !== document.activeElement) { // it was moved, or is gone
      const to = focused.isConnected ? focused : account && account.querySelector("h2");
      if (to) to.focus({ preventScroll: true });
    }
  };

  // A page that isn't seen asks for nothing.
  let source;
  let again;
  const open = () => {
    clearTimeout(again);
    if (source) source.close();
    source = undefined;
    if (document.hidden) return;
    source = new EventSource(`live${location.search}`);
    source.onmessage = (event) => {
      connected(true);
      show(event.data);
    };
    source.onerror = () => {
      connected(false);
      if (source && source.readyState === EventSource.CLOSED) again = setTimeout(open, 3000);
    };
  };
  document.addEventListener("visibilitychange", open);
  open();

  // The forms work without this; with it the focus stays where it is.
  const tell = (text, outcome) => {
    said.dataset.outcome = outcome;
    say(said, text);
  };
  const under = new Set();
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const { account } = form.dataset;
    if (!account) return;
    event.preventDefault();
    if (under.has(account)) return;
    under.add(account);
    tell(`Dead letters of ${account} are being replayed…`, "");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      if (answer.status === 401) {
        tell(`No event of ${account} is replayed: the admin token has changed. Reload the page, and enter the new one.`, "bad");
        return;
      }
      const { replayed, error } = await answer.json();
      const events = replayed === 1 ? "1 event" : `${replayed.toLocaleString("en")} events`;
      if (error) tell(`${replayed > 0 ? `${events} of ${account} will be delivered again, and no more` : `No event of ${account} is replayed`}: ${error}.`, "bad");
      else tell(`${events} of ${account} will be delivered again.`, "good");
    } catch {
      tell(`There is no answer to the replay of ${account}. The dead letters that are still shown can be replayed again.`, "bad");
    } finally {
      under.delete(account);
    }
  });
})();
