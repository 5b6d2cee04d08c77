// One line of text as a task: "Buy milk #home !high tomorrow".
//
//     #tag          a tag; several are possible
//     !high, !h     the priority: high, medium or low, or its first letter; !!! is high, !! medium, ! low
//     tomorrow      the day it is due: any word that parseDay knows, or one behind "due:" or "@"
//     "..."         what stands in quotes is left as it is
//
// A word for a day counts only where it cannot be part of the title: as the last of the plain words, or
// behind due: or @. So "Friday report" keeps its name, "Report friday" is due.
import { parseDay } from "./dates";

export type Priority = "low" | "medium" | "high";

export interface Draft {
  title: string;
  tags: string[];
  priority?: Priority;
  due_date?: string;
}

const priorities: Record<string, Priority> = {
  high: "high",
  h: "high",
  "!!": "high",
  medium: "medium",
  m: "medium",
  "!": "medium",
  low: "low",
  l: "low",
  "": "low",
};

interface Word {
  text: string;
  quoted: boolean;
}

function split(line: string): Word[] {
  const words: Word[] = [];
  for (const match of line.matchAll(/"([^"]+)"|(\S+)/g))
    words.push({ text: match[1] ?? match[2] ?? "", quoted: match[1] !== undefined });
  return words;
}

function takeMark(word: string, draft: Draft, today: string): boolean {
  if (/^#[^#\s]{1,50}$/u.test(word)) {
    const tag = word.slice(1);
    if (!draft.tags.includes(tag)) draft.tags.push(tag);
    return true;
  }
  const priority = word.startsWith("!") ? priorities[word.slice(1).toLowerCase()] : undefined;
  if (priority) {
    draft.priority = priority;
    return true;
  }
  const due = /^(?:due:|@)(.+)$/i.exec(word);
  const day = due ? parseDay(due[1]!, today) : undefined;
  if (day) draft.due_date = day;
  return day !== undefined;
}

export function parseQuickAdd(line: string, today: string): Draft {
  const draft: Draft = { title: "", tags: [] };
  const plain = split(line).filter(({ text, quoted }) => quoted || !takeMark(text, draft, today));
  const last = plain.at(-1);
  if (last && !last.quoted && plain.length > 1 && draft.due_date === undefined) {
    const day = parseDay(last.text, today);
    if (day) {
      draft.due_date = day;
      plain.pop();
      if (plain.length > 1 && /^(on|by|due)$/i.test(plain.at(-1)!.text)) plain.pop();
    }
  }
  draft.title = plain.map(({ text }) => text).join(" ");
  return draft;
}
