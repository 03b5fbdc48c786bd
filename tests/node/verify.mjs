// Verifies a token as a Node service would that was told an issuer and an audience, and no more:
//   node verify.mjs ISSUER AUDIENCE < TOKEN
// Prints the claims and the header as JSON, or the code of jose's error.
import { readFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, audience] = process.argv.slice(2);
const location = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
const metadata = await (await fetch(location, { redirect: "error" })).json();
try {
  const { payload, protectedHeader } = await jwtVerify(
    readFileSync(0, "utf8").trim(),
    createRemoteJWKSet(new URL(metadata.jwks_uri)),
    {
      issuer: metadata.issuer,
      audience,
      typ: "at+jwt",
      algorithms: metadata.id_token_signing_alg_values_supported,
      requiredClaims: ["exp", "iat", "sub", "jti", "client_id", "scope"],
    },
  );
  console.log(JSON.stringify({ claims: payload, header: protectedHeader }));
} catch (error) {
  console.log(JSON.stringify({ error: error.code ?? String(error) }));
}
