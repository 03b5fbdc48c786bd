# Two Lambda images from one file. Each installs its own lock and holds what its handler imports:
#   docker build --platform linux/arm64 --target authorizer .
FROM public.ecr.aws/lambda/python:3.13 AS app-packages
WORKDIR /build
COPY requirements/app.txt ./
# Locked by hash; --no-deps refuses what the lock forgot, --only-binary runs no setup code.
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary=:all: \
    --target /packages --requirement app.txt

FROM public.ecr.aws/lambda/python:3.13 AS authorizer-packages
WORKDIR /build
COPY requirements/authorizer.txt ./
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary=:all: \
    --target /packages --requirement authorizer.txt

FROM public.ecr.aws/lambda/python:3.13 AS app
WORKDIR /var/task
# Among the interpreter's own packages, not in /var/task: there, the folder alembic/ with our
# migrations would fall into the package of that name.
COPY --from=app-packages /packages/ /var/lang/lib/python3.13/site-packages/
COPY app/ ./app/
COPY alembic/ ./alembic/
# /var/task is read-only when it runs: what is not compiled here is compiled at each cold start.
RUN python -m compileall -q app alembic
CMD ["app.main.handler"]

FROM public.ecr.aws/lambda/python:3.13 AS authorizer
WORKDIR /var/task
COPY --from=authorizer-packages /packages/ /var/lang/lib/python3.13/site-packages/
COPY app/__init__.py ./app/
# The kernel but for issue.py and generate.py: this image verifies and cannot sign.
COPY app/tokens/__init__.py \
     app/tokens/bearer.py \
     app/tokens/claims.py \
     app/tokens/ec_key.py \
     app/tokens/encoding.py \
     app/tokens/errors.py \
     app/tokens/fetch.py \
     app/tokens/hmac_key.py \
     app/tokens/jwk.py \
     app/tokens/jwk_members.py \
     app/tokens/jws.py \
     app/tokens/key_ring.py \
     app/tokens/key_sources.py \
     app/tokens/key_states.py \
     app/tokens/keys.py \
     app/tokens/known_secrets.txt \
     app/tokens/policy.py \
     app/tokens/rsa_key.py \
     app/tokens/statements.py \
     app/tokens/status_list.py \
     app/tokens/urls.py \
     app/tokens/verify.py \
     app/tokens/weak_keys.py \
     app/tokens/weak_secrets.py \
     app/tokens/wildcards.py \
     ./app/tokens/
COPY authorizer/ ./authorizer/
RUN python -m compileall -q app authorizer
CMD ["authorizer.handler.handler"]
