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
 * It needs nothing but Python. Of a refusal it shows what the server says.
 * @param {string} body JSON text of the submission
 * @param {string} origin
 * @param {boolean} withKey
 */
export function asPython(body, origin, withKey) {
  const key = withKey ? ', "Authorization": f"Bearer {os.environ[\'DUCKLINE_KEY\']}"' : '';
  return `import json
${withKey ? 'import os\n' : ''}import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

request = Request(
    "${origin}/api/tasks/submit",
    headers={"Content-Type": "application/json"${key}},
    data=json.dumps(${pythonLiteral(body)}).encode(),
)
try:
    with urlopen(request) as answer:
        print(json.load(answer)["task_id"])
except HTTPError as refusal:
    sys.exit(refusal.read().decode())
`;
}
