import { render } from "preact";

function Welcome() {
  return (
    <main>
      <h1>errand</h1>
      <p>
        The server runs. <a href="/docs">Try the API</a>, or read <a href="/redoc">the reference</a>
        .
      </p>
    </main>
  );
}

const root = document.getElementById("app");
if (root) render(<Welcome />, root);
