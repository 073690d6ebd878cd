// The address of what is shown: #/issues/TD101-model.py-16?severity=baked. A link to it shows the same.
import { useEffect, useState } from "preact/hooks";

export const VIEWS = ["overview", "issues", "source", "graph"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  rest: string;
  query: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path, query] = hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  return {
    view: (VIEWS as readonly string[]).includes(view) ? (view as View) : "overview",
    rest: decoded(rest.join("/")),
    query: new URLSearchParams(query ?? ""),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // an address that somebody typed
  }
}

export function address(view: View, rest = "", query?: URLSearchParams): string {
  const text = query?.toString() ?? "";
  return `#/${view}${rest ? `/${encodeURIComponent(rest)}` : ""}${text ? `?${text}` : ""}`;
}

/** A notebook shows the page in a frame that has no address of its own: the route is then kept here. */
const framed = location.protocol === "about:";
let kept = "";

const current = (): string => (framed ? kept : location.hash);

/** Go to an address. `replace` leaves no entry in the browser's history: for filters and selections. */
export function go(to: string, replace = false): void {
  if (framed) kept = to;
  else if (!replace) {
    location.hash = to;
    return;
  } else history.replaceState(null, "", to);
  dispatchEvent(new Event("hashchange"));
}

/** Links inside of a frame would lead to the page around it. */
export function followLinks(): void {
  if (!framed) return;
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest?.("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    go(link.getAttribute("href")!);
  });
}

export function useRoute(): Route {
  const [route, set] = useState(() => parse(current()));
  useEffect(() => {
    const changed = () => set(parse(current()));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}
