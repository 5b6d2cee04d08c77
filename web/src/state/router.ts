// Where in the interface we are: "#/list?search=milk&task=7". What stands behind the # never reaches the
// server, whose paths belong to the API.
import { signal } from "@preact/signals";

export interface Place {
  view: string;
  parameters: URLSearchParams;
}

export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { view: path || "board", parameters: new URLSearchParams(query) };
}

export function addressOf(view: string, parameters?: URLSearchParams): string {
  const query = parameters?.toString();
  return query ? `#/${view}?${query}` : `#/${view}`;
}

export const place = signal<Place>(parsePlace(""));

export function followAddress(): void {
  const read = () => (place.value = parsePlace(location.hash));
  addEventListener("hashchange", read);
  read();
}

/** Goes to another address; with `replace` it takes the place of this one in the history. */
export function go(view: string, parameters?: URLSearchParams, replace = false): void {
  const address = addressOf(view, parameters);
  if (address === location.hash) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  place.value = parsePlace(address);
}

/** The address of the view on the screen, with one parameter changed or, with null, taken away. */
export function withParameter(name: string, value: string | null): [string, URLSearchParams] {
  const parameters = new URLSearchParams(place.value.parameters);
  if (value === null) parameters.delete(name);
  else parameters.set(name, value);
  return [place.value.view, parameters];
}

/** The task whose details are open. */
export function openTaskId(): number | null {
  const id = Number(place.value.parameters.get("task"));
  return Number.isInteger(id) && id > 0 ? id : null;
}

export function taskAddress(id: number): string {
  return addressOf(...withParameter("task", String(id)));
}

export function closeTask(): void {
  go(...withParameter("task", null));
}
