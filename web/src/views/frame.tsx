// What stands around every view: navigation, quick add, the state of the connection, the open task.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { connection } from "../live/stream";
import { setShortcuts, type Shortcut } from "../state/keys";
import { addressOf, closeTask, go, openTaskId, place } from "../state/router";
import { user } from "../state/session";
import { chooseTheme, isDark } from "../state/theme";
import { undoLast } from "../state/toasts";
import { Button } from "../ui/basics";
import { Icon, type IconName } from "../ui/icons";
import { QuickAdd } from "./quick-add";
import { Shortcuts } from "./shortcuts";
import { taskShortcuts } from "./task-keys";
import { TaskDetail } from "./task-detail";

const entries: [string, string, IconName][] = [
  ["board", "Board", "board"],
  ["list", "List", "list"],
  ["statistics", "Statistics", "chart"],
  ["jobs", "Jobs", "jobs"],
  ["transfer", "Transfer", "transfer"],
];
const adminEntries: [string, string, IconName][] = [
  ["admin/users", "Users", "user"],
  ["admin/audit", "Audit log", "clock"],
  ["admin/jobs", "Dead jobs", "warning"],
  ["admin/health", "Health", "shield"],
];

function NavigationEntry({ view, name, icon }: { view: string; name: string; icon: IconName }) {
  const isHere = place.value.view === view;
  return (
    <li>
      <a href={addressOf(view)} aria-current={isHere ? "page" : undefined}>
        <Icon name={icon} />
        <span>{name}</span>
      </a>
    </li>
  );
}

function Navigation() {
  const isAdmin = user.value?.role === "admin";
  return (
    <nav class="navigation" aria-label="Main">
      <a class="brand" href={addressOf("board")}>
        errand
      </a>
      <ul>
        {entries.map(([view, name, icon]) => (
          <NavigationEntry key={view} view={view} name={name} icon={icon} />
        ))}
      </ul>
      {isAdmin && (
        <>
          <p class="navigation-group">Administration</p>
          <ul class="administration">
            {adminEntries.map(([view, name, icon]) => (
              <NavigationEntry key={view} view={view} name={name} icon={icon} />
            ))}
          </ul>
        </>
      )}
      <ul class="navigation-end">
        <NavigationEntry view="account" name={user.value?.username ?? ""} icon="user" />
      </ul>
    </nav>
  );
}

function ConnectionBanner() {
  const texts: Partial<Record<typeof connection.value, string>> = {
    offline: "You are offline. What you see may be old; changes wait until you are back.",
  };
  const text = texts[connection.value];
  return (
    <div class="banner-place" role="status">
      {text && <p class="banner">{text}</p>}
    </div>
  );
}

const connectionNames = {
  live: "Live: changes appear by themselves",
  connecting: "Connecting",
  polling: "Connected: changes appear after a while",
  offline: "Offline",
};

function Tools({ showKeys }: { showKeys: () => void }) {
  const dark = isDark();
  return (
    <div class="tools">
      <span
        class={`pulse ${connection.value}`}
        role="img"
        aria-label={connectionNames[connection.value]}
        title={connectionNames[connection.value]}
      />
      <Button icon="keyboard" kind="quiet" label="Keyboard shortcuts" onClick={showKeys} />
      <Button
        icon={dark ? "sun" : "moon"}
        kind="quiet"
        label={dark ? "Light theme" : "Dark theme"}
        onClick={() => chooseTheme(dark ? "light" : "dark")}
      />
    </div>
  );
}

export function Frame({ children }: { children: ComponentChildren }) {
  const [showsKeys, setShowsKeys] = useState(false);
  const quickAdd = useRef<HTMLInputElement>(null);
  // Before the page is seen: whoever sees it may press a key.
  useLayoutEffect(() => {
    const pages: Shortcut[] = [
      { keys: "g b", group: "Go to", does: "the board", run: () => go("board") },
      { keys: "g l", group: "Go to", does: "the list", run: () => go("list") },
      { keys: "g s", group: "Go to", does: "statistics", run: () => go("statistics") },
      { keys: "g j", group: "Go to", does: "jobs", run: () => go("jobs") },
      { keys: "n", group: "Anywhere", does: "add a task", run: () => quickAdd.current?.focus() },
      { keys: "/", group: "Anywhere", does: "search", run: search },
      { keys: "u", group: "Anywhere", does: "undo", run: () => void undoLast() },
      {
        keys: "t",
        group: "Anywhere",
        does: "light or dark",
        run: () => chooseTheme(isDark() ? "light" : "dark"),
      },
      { keys: "?", group: "Anywhere", does: "these shortcuts", run: () => setShowsKeys(true) },
      { keys: "Escape", group: "Anywhere", does: "close the task", run: closeTask },
    ];
    setShortcuts([...pages, ...taskShortcuts]);
  }, []);
  const task = openTaskId();
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Navigation />
      <div class="stage">
        <header class="topbar">
          <QuickAdd input={quickAdd} />
          <Tools showKeys={() => setShowsKeys(true)} />
        </header>
        <ConnectionBanner />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      {task !== null && <TaskDetail key={task} id={task} />}
      {showsKeys && <Shortcuts onClose={() => setShowsKeys(false)} />}
    </div>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** The search field is in the list. */
function search(): void {
  if (place.value.view !== "list") go("list");
  requestAnimationFrame(() => document.getElementById("search")?.focus());
}
