// The authorizer that one writes with aws-jwt-verify.
import { readFileSync } from "node:fs";
import { JwtVerifier } from "aws-jwt-verify";

const { JWKS, ISSUER, AUDIENCE, ROUTES } = process.env;
const STRINGS = ["iss", "sub", "aud", "jti", "client_id", "scope"];
const routes = JSON.parse(readFileSync(ROUTES, "utf8")).routes;

const verifier = JwtVerifier.create({
  issuer: ISSUER,
  audience: AUDIENCE,
  graceSeconds: 5,
  customJwtCheck: checkRest,
});
verifier.cacheJwks(JSON.parse(JWKS));

export async function handler(event) {
  const [scheme, token] = event.authorizationToken.split(" ", 2);
  if (scheme.toLowerCase() !== "bearer") throw new Error("Unauthorized");
  let claims;
  try {
    claims = verifier.verifySync(token);
  } catch {
    throw new Error("Unauthorized");
  }
  return policyFor(claims, event);
}

// The library passes a token without `exp`, and leaves the kind of token to its user.
function checkRest({ header, payload }) {
  if (header.typ !== "at+jwt") throw new Error("not an access token");
  if (!Number.isInteger(payload.exp) || !Number.isInteger(payload.iat)) throw new Error("no times");
  for (const name of STRINGS) {
    if (typeof payload[name] !== "string") throw new Error(`no ${name}`);
  }
}

// Everything that the token may call, for API Gateway caches the policy for the token.
function policyFor(claims, event) {
  const stage = event.methodArn.split("/", 2).join("/");
  const scopes = new Set(claims.scope.split(" "));
  const resources = routes
    .filter((route) => scopes.has(route.scope))
    .map((route) => `${stage}/${route.resource}`);
  const statement = {
    Action: "execute-api:Invoke",
    Effect: resources.length ? "Allow" : "Deny",
    Resource: resources.length ? resources : [`${stage}/*`],
  };
  const { sub, client_id, scope, jti } = claims;
  return {
    principalId: sub,
    policyDocument: { Version: "2012-10-17", Statement: [statement] },
    context: { sub, client_id, scope, jti },
  };
}
