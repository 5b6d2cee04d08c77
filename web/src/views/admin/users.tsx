import { useSignal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { User, UserUpdate } from "schema";
import { explain } from "../../api/client";
import * as api from "../../api/endpoints";
import { myId } from "../../state/session";
import { complain, say } from "../../state/toasts";
import { Button, Empty, Select } from "../../ui/basics";
import { Confirm } from "../../ui/dialog";
import { Pages } from "../../ui/pages";
import { useSettled } from "../../ui/use";

const pageSize = 50;

function UserRow({ user, reload }: { user: User; reload: () => void }) {
  const asks = useSignal(false);
  const act = async (what: Promise<unknown>, done: string) => {
    try {
      await what;
      say(done);
    } catch (problem) {
      complain(explain(problem));
    }
    reload();
  };
  const update = (changes: UserUpdate, done: string) =>
    void act(api.admin.updateUser(user.id, changes), done);
  const isMe = user.id === myId();
  return (
    <tr>
      <td>{user.id}</td>
      <th scope="row">{user.username}</th>
      <td>{user.full_name}</td>
      <td>{user.email}</td>
      <td>
        <Select<User["role"]>
          label={`Role of ${user.username}`}
          value={user.role}
          disabled={isMe}
          choices={[
            ["user", "User"],
            ["admin", "Administrator"],
          ]}
          onChange={(role) => update({ role }, `${user.username} is ${role} now`)}
        />
      </td>
      <td>
        <label class="check">
          <input
            type="checkbox"
            checked={user.is_active}
            disabled={isMe}
            aria-label={`${user.username} is active`}
            onChange={(event) =>
              update(
                { is_active: event.currentTarget.checked },
                `${user.username} is ${event.currentTarget.checked ? "active" : "disabled"} now`,
              )
            }
          />
          {user.is_active ? "Active" : "Disabled"}
        </label>
      </td>
      <td>
        <Button
          icon="trash"
          kind="quiet"
          label={`Delete ${user.username}`}
          disabled={isMe}
          onClick={() => (asks.value = true)}
        />
        {asks.value && (
          <Confirm
            title={`Delete ${user.username}?`}
            text="The account goes for good, and all of its tasks and their files with it."
            action="Delete"
            onConfirm={() => void act(api.admin.removeUser(user.id), `${user.username} is deleted`)}
            onClose={() => (asks.value = false)}
          />
        )}
      </td>
    </tr>
  );
}

export function Users() {
  const [text, setText] = useState("");
  const search = useSettled(text.trim(), 200);
  return (
    <div class="view">
      <header class="view-head">
        <h1>Users</h1>
        <input
          type="search"
          aria-label="Search users"
          placeholder="Name or e-mail"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </header>
      <Pages
        inputs={[search]}
        read={async (cursor) => {
          const skip = Number(cursor ?? 0);
          const page = await api.admin.users({
            limit: String(pageSize),
            skip: String(skip),
            ...(search && { search }),
          });
          const seen = skip + page.users.length;
          return { items: page.users, next: seen < (page.total ?? 0) ? String(seen) : null };
        }}
        empty={<Empty icon="user" title="Nobody is called like this" />}
      >
        {(users, reload) => (
          <div class="table-frame" tabIndex={0} role="region" aria-label="Users">
            <table>
              <thead>
                <tr>
                  <th scope="col">Id</th>
                  <th scope="col">Name</th>
                  <th scope="col">Full name</th>
                  <th scope="col">E-mail</th>
                  <th scope="col">Role</th>
                  <th scope="col">Active</th>
                  <th scope="col">
                    <span class="for-readers">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {users.map((user) => (
                  <UserRow key={user.id} user={user} reload={reload} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Pages>
    </div>
  );
}
