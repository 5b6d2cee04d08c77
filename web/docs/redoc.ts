// /redoc: the reference, rendered by ReDoc from this server's own description.
interface Redoc {
  init(url: string, options: Record<string, unknown>, element: Element | null): void;
}

declare const Redoc: Redoc;

Redoc.init(
  "/openapi.json",
  { hideDownloadButton: true, nativeScrollbars: true, scrollYOffset: 44 },
  document.getElementById("reference"),
);
