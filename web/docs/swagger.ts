// /docs: Swagger UI over this server's own description. The token that "Authorize" takes stays in
// the memory of the page.
interface SwaggerUi {
  (options: Record<string, unknown>): void;
}

declare const SwaggerUIBundle: SwaggerUi;

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
