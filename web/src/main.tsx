// The web interface begins here: who is signed in, then the page.
import { render } from "preact";
import { App } from "./app";
import { listenToKeys } from "./state/keys";
import { followAddress } from "./state/router";
import { keepSession, readSession, user } from "./state/session";

const root = document.getElementById("app");

async function start(element: HTMLElement): Promise<void> {
  followAddress();
  listenToKeys();
  keepSession();
  render(<App />, element);
  for (let wait = 500; user.peek() === undefined; wait = Math.min(wait * 2, 10_000)) {
    try {
      await readSession();
    } catch {
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

if (root) void start(root);
