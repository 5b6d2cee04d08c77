// The icons, drawn on a grid of 20 with strokes in the colour of the text around them.
const paths = {
  board: "M3 4h4v12H3zM8.5 4h4v8h-4zM14 4h3v10h-3z",
  list: "M7 5h10M7 10h10M7 15h10M3.5 5h.01M3.5 10h.01M3.5 15h.01",
  chart: "M3 17h14M5 14v-4M10 14V5M15 14V8",
  jobs: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2.5v2M10 15.5v2M2.5 10h2M15.5 10h2M4.7 4.7l1.4 1.4M13.9 13.9l1.4 1.4M4.7 15.3l1.4-1.4M13.9 6.1l1.4-1.4",
  shield: "M10 2.5l6 2.3v4.7c0 3.6-2.5 6.6-6 8-3.5-1.4-6-4.4-6-8V4.8z",
  user: "M10 10a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 10 10zM3.8 17c.6-3 3.1-4.5 6.2-4.5s5.6 1.5 6.2 4.5",
  transfer: "M6 3v10M3 10l3 3 3-3M14 17V7M11 10l3-3 3 3",
  plus: "M10 4v12M4 10h12",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5L17 17",
  close: "M5 5l10 10M15 5L5 15",
  check: "M4 10.5l4 4 8-9",
  trash: "M3.5 5.5h13M8 5V3.5h4V5M5 5.5l.8 11h8.4l.8-11M8.5 9v4.5M11.5 9v4.5",
  calendar: "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3",
  file: "M5 2.5h6.5l3.5 3.5v11.5h-10zM11 3v3.5h3.5",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 5.5V10l3 2",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M4 16l1.400-1.4M14.6 5.4L16 4",
  moon: "M16.5 11.8A6.8 6.8 0 1 1 8.2 3.5a5.5 5.5 0 0 0 8.3 8.3z",
  keyboard: "M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7",
  download: "M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13",
  upload: "M10 13V3.5M6 7.5l4-4 4 4M3.5 16.5h13",
  retry: "M16 4v4h-4M16 8a6.5 6.5 0 1 0 .5 4",
  weather: "M6 15.5h8.5a3 3 0 0 0 .3-6A4.8 4.8 0 0 0 5.6 8.6 3.5 3.5 0 0 0 6 15.5z",
  warning: "M10 3.5l7.5 13h-15zM10 8.5V12M10 14.2h.01",
  signout: "M8 3.5H4v13h4M12.5 6.5L16 10l-3.5 3.5M16 10H8",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
