/* A submission, or a schedule, as a command or program that others can run. Keys are never put into them, only the
   name of the variable that should hold one. */

import { pythonLiteral, prettyText } from '../lib/json_text.js';

/**
 * @param {string} body JSON text of the submission
 * @param {string} origin
 * @param {boolean} withKey
 * @param {string} [path] where it is posted to
 */
export function asCurl(body, origin, withKey, path = '/api/tasks/submit') {
  const key = withKey ? ' \\\n  -H "Authorization: Bearer $DUCKLINE_KEY"' : '';
  return `curl -X POST ${origin}${path} \\
  -H 'Content-Type: application/json'${key} \\
  -d '${prettyText(body).replaceAll("'", "'\\''")}'`;
}

/**
 * @param {string} body JSON text of the submission
 * @param {string} origin
 * @param {boolean} withKey
 */
export function asPython(body, origin, withKey) {
  const key = withKey
    ? '\n    headers={"Authorization": f"Bearer {os.environ[\'DUCKLINE_KEY\']}"},'
    : '';
  return `${withKey ? 'import os\n\n' : ''}import httpx

answer = httpx.post(
    "${origin}/api/tasks/submit",${key}
    json=${pythonLiteral(body)},
)
answer.raise_for_status()
print(answer.json()["task_id"])
`;
}
