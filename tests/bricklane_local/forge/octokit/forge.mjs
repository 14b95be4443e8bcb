// What the scripts share: Octokit as its users make it, and a repository of their own.
import { Octokit } from "@octokit/rest";
import assert from "node:assert/strict";

export const baseUrl = process.env.FORGE_API;
export const as = (token) =>
  new Octokit({ baseUrl, auth: token, log: { debug() {}, info() {}, warn() {}, error() {} } });
export const developer = as(process.env.FORGE_TOKEN);
export const reviewer = as(process.env.FORGE_REVIEWER_TOKEN);
export const base64 = (text) => Buffer.from(text).toString("base64");

/** Make a repository with one commit on main, and return how calls name it. */
export async function repository(name) {
  const { data } = await developer.rest.repos.createForAuthenticatedUser({ name, private: true });
  const it = { owner: data.owner.login, repo: data.name };
  await developer.rest.repos.createOrUpdateFileContents({
    ...it,
    path: "README.md",
    message: "first",
    content: base64("# hello\n"),
  });
  return it;
}

/** Make a branch with one file changed, and return its commit. */
export async function branch(it, name, path, text) {
  const main = await developer.rest.git.getRef({ ...it, ref: "heads/main" });
  await developer.rest.git.createRef({
    ...it,
    ref: `refs/heads/${name}`,
    sha: main.data.object.sha,
  });
  const { data } = await developer.rest.repos.createOrUpdateFileContents({
    ...it,
    path,
    branch: name,
    message: `change ${path}`,
    content: base64(text),
  });
  return data.commit.sha;
}

/** Expect that a call is refused with `status`, and that the message matches. */
export async function refused(status, pattern, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.status, status, error.message);
    assert.match(error.message, pattern);
    return true;
  });
}
