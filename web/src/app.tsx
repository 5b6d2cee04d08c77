// The frame: sign-in, or the navigation with the view that the address names.
import { useEffect } from "preact/hooks";
import { follow } from "./live/apply";
import { stopStream } from "./live/stream";
import { place } from "./state/router";
import { user } from "./state/session";
import { forgetAllTasks } from "./state/tasks";
import { Toasts } from "./ui/toasts";
import { Account } from "./views/account";
import { Audit } from "./views/admin/audit";
import { DeadJobs } from "./views/admin/dead-jobs";
import { Health } from "./views/admin/health";
import { Users } from "./views/admin/users";
import { Board } from "./views/board";
import { Frame } from "./views/frame";
import { Jobs } from "./views/jobs";
import { List } from "./views/list";
import { SignIn } from "./views/sign-in";
import { Statistics } from "./views/statistics";
import { Transfer } from "./views/transfer";

const views: Record<string, () => preact.JSX.Element> = {
  board: Board,
  list: List,
  statistics: Statistics,
  jobs: Jobs,
  transfer: Transfer,
  account: Account,
};

const adminViews: Record<string, () => preact.JSX.Element> = {
  "admin/users": Users,
  "admin/audit": Audit,
  "admin/jobs": DeadJobs,
  "admin/health": Health,
};

function SignedIn({ isAdmin }: { isAdmin: boolean }) {
  useEffect(() => {
    follow();
    return () => {
      stopStream();
      forgetAllTasks();
    };
  }, []);
  const { view } = place.value;
  const View = views[view] ?? (isAdmin ? adminViews[view] : undefined) ?? Board;
  return (
    <Frame>
      <View />
    </Frame>
  );
}

export function App() {
  const who = user.value;
  return (
    <>
      {who === null && <SignIn />}
      {who && <SignedIn key={who.id} isAdmin={who.role === "admin"} />}
      <Toasts />
    </>
  );
}
