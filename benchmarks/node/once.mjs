// One decision in a fresh process: the cold start, for a token in the environment.
import { handler } from "./authorizer.mjs";

const { TOKEN, METHOD_ARN } = process.env;
const event = { type: "TOKEN", authorizationToken: `Bearer ${TOKEN}`, methodArn: METHOD_ARN };
const answer = await handler(event);
if (answer.policyDocument.Statement[0].Effect !== "Allow") process.exitCode = 1;
