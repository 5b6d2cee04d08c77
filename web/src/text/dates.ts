// Days as the API writes them (2026-11-21) and as people do (tomorrow, fri, 24.12.).
//
// A day is a text; arithmetic goes through UTC, where every day has 24 hours.

const dayMilliseconds = 86_400_000;
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function toUtc(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function fromUtc(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** The day on the clock of whoever looks at the screen. */
export function localDay(now: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export function addDays(day: string, count: number): string {
  return fromUtc(toUtc(day) + count * dayMilliseconds);
}

export function daysBetween(from: string, to: string): number {
  return Math.round((toUtc(to) - toUtc(from)) / dayMilliseconds);
}

/** The day if the calendar has it: 2026-02-30 is none. */
function realDay(year: number, month: number, day: number): string | undefined {
  const text = [String(year).padStart(4, "0"), month, day]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  const time = toUtc(text);
  return !Number.isNaN(time) && fromUtc(time) === text ? text : undefined;
}

/** A day without a year is the next one of that name. */
function nextOf(month: number, day: number, today: string): string | undefined {
  const year = Number(today.slice(0, 4));
  const found = realDay(year, month, day);
  return found && found >= today ? found : realDay(year + 1, month, day);
}

function parseWeekday(word: string, today: string): string | undefined {
  const index = weekdays.findIndex((name) => name === word || name.slice(0, 3) === word);
  if (index < 0) return undefined;
  const ahead = (index - new Date(toUtc(today)).getUTCDay() + 7) % 7;
  return addDays(today, ahead || 7);
}

function parseNumbers(word: string, today: string): string | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(word);
  if (iso) return realDay(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(word);
  if (dotted?.[3]) return realDay(Number(dotted[3]), Number(dotted[2]), Number(dotted[1]));
  if (dotted) return nextOf(Number(dotted[2]), Number(dotted[1]), today);
  const named = /^(\d{1,2})-?([a-z]{3})[a-z]*$/.exec(word) ?? undefined;
  const month = named ? months.indexOf(named[2] ?? "") : -1;
  return named && month >= 0 ? nextOf(month + 1, Number(named[1]), today) : undefined;
}

/** The day that a word means, seen from `today`; undefined when it means none. */
export function parseDay(word: string, today: string): string | undefined {
  const plain = word.toLowerCase();
  if (plain === "today" || plain === "tod") return today;
  if (plain === "tomorrow" || plain === "tom" || plain === "tmr") return addDays(today, 1);
  if (plain === "yesterday") return addDays(today, -1);
  const ahead = /^\+(\d{1,3})([dw])?$/.exec(plain);
  if (ahead) return addDays(today, Number(ahead[1]) * (ahead[2] === "w" ? 7 : 1));
  return parseWeekday(plain, today) ?? parseNumbers(plain, today);
}

/** "today", "tomorrow", "Friday", "24 Dec", "24 Dec 2027" */
export function describeDay(day: string, today: string, locale = "en-GB"): string {
  const distance = daysBetween(today, day);
  if (distance === 0) return "today";
  if (distance === 1) return "tomorrow";
  if (distance === -1) return "yesterday";
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(toUtc(day));
  if (distance > 1 && distance < 7) return format({ weekday: "long" });
  const sameYear = day.slice(0, 4) === today.slice(0, 4);
  return format({ day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

/** "just now", "5 minutes ago", "3 days ago", or the day */
export function describeAge(instant: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(instant)) / 1000);
  if (seconds < 45) return "just now";
  const steps: [number, string][] = [
    [60, "minute"],
    [3600, "hour"],
    [86_400, "day"],
  ];
  const fitting = steps.filter(([size]) => seconds >= size * 0.75).pop() ?? steps[0]!;
  const count = Math.max(1, Math.round(seconds / fitting[0]));
  if (fitting[1] === "day" && count > 30)
    return describeDay(instant.slice(0, 10), localDay(new Date(now)));
  return `${count} ${fitting[1]}${count === 1 ? "" : "s"} ago`;
}
