// What a user writes with the generated types.
import type { components, paths } from "./made";

type Submit = paths["/api/tasks/submit"]["post"]["requestBody"]["content"]["application/json"];
type Task = components["schemas"]["TaskDetail"];

const body: Submit = {
  task_type: "send_email",
  payload: { to: "ada@example.com", subject: "Hello", body: "Dear Ada" },
  delay: 5,
};

export async function submitAndRead(url: string): Promise<Task["status"]> {
  const headers = { "Content-Type": "application/json" };
  const sent = await fetch(`${url}/api/tasks/submit`, { method: "POST", headers, body: JSON.stringify(body) });
  const { task_id }: components["schemas"]["Submitted"] = await sent.json();
  const task: Task = await (await fetch(`${url}/api/tasks/${task_id}?wait=20`)).json();
  return task.finished_at === null ? "PENDING" : task.status;
}
