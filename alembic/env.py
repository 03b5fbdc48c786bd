"""Alembic's entry: runs the migrations on the database that the settings name."""

from contextlib import closing

from alembic import context
from app.database import Base, Database
from app.resources import routers
from app.settings import load_settings

tuple(routers())  # each imports its models, and theirs; only then is the metadata whole

url = load_settings().database_url.get_secret_value()
with closing(Database(url)) as database, database.engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
