# Two Lambda images from one file. Each installs its own lock and holds what its handler imports:
#   docker build --platform linux/arm64 --target authorizer .
# The tag moves with AWS's security fixes. For the same image at each build, name its digest (from
# `docker buildx imagetools inspect`) and a date for all files:
#   SOURCE_DATE_EPOCH=0 docker buildx build --build-arg BASE=public.ecr.aws/lambda/python:3.13@sha256:… \
#     --output type=image,rewrite-timestamp=true …
ARG BASE=public.ecr.aws/lambda/python:3.13

FROM ${BASE} AS app-packages
WORKDIR /build
COPY requirements/app.txt requirements/trim.py ./
# Locked by hash; --no-deps refuses what the lock forgot, --only-binary runs no setup code.
# pip's bytecode would hold the time of the build: trim.py compiles.
RUN pip install --no-cache-dir --no-compile --require-hashes --no-deps --only-binary=:all: \
    --target /packages --requirement app.txt \
    && python trim.py /packages

FROM ${BASE} AS authorizer-packages
WORKDIR /build
COPY requirements/authorizer.txt requirements/trim.py ./
RUN pip install --no-cache-dir --no-compile --require-hashes --no-deps --only-binary=:all: \
    --target /packages --requirement authorizer.txt \
    && python trim.py /packages

# The base image brings pip, and an SDK that Lambda does not need: ours in the same folder would
# become a mixture of two versions, and the authorizer needs none.
FROM ${BASE} AS bare
WORKDIR /var/lang/lib/python3.13/site-packages
RUN rm -rf boto3* botocore* dateutil* jmespath* pip* python_dateutil* s3transfer* setuptools* \
    six* urllib3*
WORKDIR /var/task

FROM bare AS app
# Among the interpreter's own packages, not in /var/task: there, the folder alembic/ with our
# migrations would fall into the package of that name.
COPY --from=app-packages /packages/ /var/lang/lib/python3.13/site-packages/
COPY app/ ./app/
COPY alembic/ ./alembic/
# /var/task is read-only when it runs: what is not compiled here is compiled at each cold start.
# By content, not by date; and readable to Lambda's user, whatever the umask of the checkout.
RUN python -m compileall -q --invalidation-mode unchecked-hash app alembic \
    && chmod -R u=rwX,go=rX app alembic
CMD ["app.main.handler"]

FROM bare AS authorizer
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
RUN python -m compileall -q --invalidation-mode unchecked-hash app authorizer \
    && chmod -R u=rwX,go=rX app authorizer
CMD ["authorizer.handler.handler"]
