// What `pr-comment` is measured beside: one comment, found by its marker on all pages, written when it says something
// new. Arguments: the API's base URL, the repository, the pull request's number, the text.
import { Octokit } from "@octokit/rest";

const [baseUrl, repository, number, text] = process.argv.slice(2);
const [owner, repo] = repository.split("/");
const octokit = new Octokit({ baseUrl, auth: process.env.GITHUB_TOKEN });
const at = { owner, repo, issue_number: Number(number) };
const body = `<!-- bench-by-octokit -->\n${text}`;

const comments = await octokit.paginate(octokit.rest.issues.listComments, { ...at, per_page: 100 });
const ours = comments.find((comment) => comment.body.startsWith("<!-- bench-by-octokit -->"));
if (!ours) {
  await octokit.rest.issues.createComment({ ...at, body });
} else if (ours.body !== body) {
  await octokit.rest.issues.updateComment({ owner, repo, comment_id: ours.id, body });
}
