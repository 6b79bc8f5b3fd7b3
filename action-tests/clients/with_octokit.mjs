// GitHub's own client for JavaScript, with the plugins that actions use: what each call told, as one line of JSON.
// Arguments: the API's base URL, a commit that the repository knows, and `calls` or `faults`.
import { Octokit } from "@octokit/rest";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";

const [baseUrl, sha, part] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const options = { baseUrl, auth: "gh-token-for-tests", log: quiet, retry: { retryAfterBaseValue: 10 } };
const at = { owner: "acme", repo: "app" };
const refusal = async (promise) => promise.then(() => 0, (error) => error.status);

async function calls() {
  const octokit = new (Octokit.plugin(retry))(options);
  const { issues, pulls, repos, checks, actions } = octokit.rest;

  const made = [];
  for (const body of ["one", "two", "three"]) {
    made.push((await issues.createComment({ ...at, issue_number: 42, body })).data.id);
  }
  await issues.updateComment({ ...at, comment_id: made[0], body: "first" });
  await issues.deleteComment({ ...at, comment_id: made[1] });
  const comments = await octokit.paginate(issues.listComments, { ...at, issue_number: 42, per_page: 1 });
  const gone = await refusal(issues.getComment({ ...at, comment_id: made[1] }));

  const issue = (await issues.create({ ...at, title: "stale previews", labels: ["ops"] })).data;
  await issues.createLabel({ ...at, name: "urgent", color: "ff0000" });
  await issues.addLabels({ ...at, issue_number: issue.number, labels: ["urgent"] });
  await issues.update({ ...at, issue_number: issue.number, state: "closed" });
  const known = (await issues.listLabelsForRepo(at)).data.length > 0;
  const labels = (await issues.get({ ...at, issue_number: issue.number })).data.labels.map((label) => label.name);
  const still = (await issues.getComment({ ...at, comment_id: made[0] })).data;
  await octokit.graphql(
    "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }",
    { id: still.node_id },
  );
  const open = (await issues.listForRepo({ ...at, state: "open" })).data.map((it) => it.number);

  const pull = (await pulls.get({ ...at, pull_number: 42 })).data;
  await pulls.update({ ...at, pull_number: 42, body: `${pull.body ?? ""} Preview: https://preview.example.com` });
  const listed = (await pulls.list({ ...at, state: "open", head: `acme:${pull.head.ref}` })).data;
  const of_commit = (await repos.listPullRequestsAssociatedWithCommit({ ...at, commit_sha: pull.head.sha })).data;

  const created = await repos.createDeployment({
    ...at, ref: pull.head.ref, environment: "preview-42", auto_merge: false, required_contexts: [], transient_environment: true,
  });
  const deployment_id = created.data.id;
  for (const state of ["in_progress", "success", "inactive"]) {
    await repos.createDeploymentStatus({ ...at, deployment_id, state, environment_url: "https://preview.example.com" });
  }
  const newest = (await repos.listDeploymentStatuses({ ...at, deployment_id, per_page: 1 })).data[0].id;
  await repos.getDeploymentStatus({ ...at, deployment_id, status_id: newest });
  const states = (await repos.listDeploymentStatuses({ ...at, deployment_id })).data.map((it) => it.state);
  const found = (await repos.listDeployments({ ...at, environment: "preview-42" })).data.map((it) => it.id === deployment_id);
  await repos.getDeployment({ ...at, deployment_id });
  await repos.deleteDeployment({ ...at, deployment_id });
  await repos.getEnvironment({ ...at, environment_name: "preview-42" });
  const environments = (await repos.getAllEnvironments(at)).data.total_count;

  const check = (await checks.create({ ...at, name: "preview", head_sha: sha, status: "in_progress" })).data;
  await checks.update({ ...at, check_run_id: check.id, status: "completed", conclusion: "success" });
  await checks.get({ ...at, check_run_id: check.id });
  const runs = (await checks.listForRef({ ...at, ref: sha })).data.check_runs.map((run) => run.conclusion);
  await repos.createCommitStatus({ ...at, sha, state: "success", context: "deploy" });
  const combined = (await repos.getCombinedStatusForRef({ ...at, ref: sha })).data.state;
  const between = (await repos.compareCommitsWithBasehead({ ...at, basehead: `main...${sha}` })).data;
  const brought = [between.status, between.total_commits, between.commits.at(-1).sha === sha];

  const readme = (await repos.getContent({ ...at, path: "README.md" })).data;
  const artifacts = (await actions.listArtifactsForRepo(at)).data;
  const artifact_id = artifacts.artifacts[0].id;
  const archive = (await actions.downloadArtifact({ ...at, artifact_id, archive_format: "zip", request: { redirect: "manual" } })).status;
  const of_run = (await actions.listWorkflowRunArtifacts({ ...at, run_id: 1 })).data.total_count;

  // What a workflow's own token may not do, a person's may.
  const person = new Octokit({ ...options, auth: "person" });
  const login = (await person.rest.users.getAuthenticated()).data.login;
  await person.rest.repos.createOrUpdateEnvironment({ ...at, environment_name: "staging" });
  await person.rest.repos.deleteAnEnvironment({ ...at, environment_name: "staging" });
  const secrets = (await person.rest.actions.listRepoSecrets(at)).data.secrets.map((it) => it.name);
  const of_organization = (await person.rest.actions.listRepoOrganizationSecrets(at)).data.secrets.map((it) => it.name);
  const of_environment = (await person.rest.actions.listEnvironmentSecrets({ ...at, environment_name: "live" })).data.secrets.map((it) => it.name);
  const variables = (await person.rest.actions.listRepoVariables(at)).data.variables.map((it) => it.name);
  const remaining = (await octokit.rest.rateLimit.get()).data.resources.core.remaining > 0;
  const name = (await repos.get(at)).data.full_name;

  return {
    comments: comments.map((it) => it.body), gone, labels, open, head: listed[0].head.sha === pull.head.sha,
    of_commit: of_commit.map((it) => it.number), states, found, environments, runs, combined, brought,
    readme: Buffer.from(readme.content, "base64").toString(), artifacts: artifacts.total_count,
    archive, of_run, login, secrets, of_organization, of_environment, variables, known, remaining, name,
    beyond: {
      remove_label: await refusal(issues.removeLabel({ ...at, issue_number: issue.number, name: "urgent" })),
      reactions: await refusal(octokit.rest.reactions.createForIssueComment({ ...at, comment_id: made[0], content: "eyes" })),
      runs: await refusal(actions.listWorkflowRunsForRepo(at)),
      reviews: await refusal(pulls.listReviews({ ...at, pull_number: 42 })),
      all_comments: await refusal(issues.listCommentsForRepo(at)),
      branches: await refusal(repos.listBranches(at)),
    },
  };
}

// What the platforms do on a bad day; the caller has laid the faults out.
async function faults() {
  const limited = [];
  const again = (kind) => (after, _options, _octokit, count) => {
    limited.push(`${kind} ${after}`);
    return count < 1;
  };
  const octokit = new (Octokit.plugin(retry, throttling))({
    ...options,
    throttle: { onRateLimit: again("primary"), onSecondaryRateLimit: again("secondary"), retryAfterBaseValue: 10 },
  });
  const label = (await octokit.rest.issues.createLabel({ ...at, name: "retried", color: "00ff00" })).data.name;
  const name = (await octokit.rest.repos.get(at)).data.full_name;
  const pull = (await octokit.rest.pulls.get({ ...at, pull_number: 42 })).data.number;
  return { label, name, pull, limited };
}

console.log(JSON.stringify(await (part === "faults" ? faults() : calls())));
