"""What all tests share: how long a generated example may take."""

from hypothesis import settings

# A busy machine makes single examples slow, which says nothing about the code; the
# suite's own timeout catches what hangs.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
