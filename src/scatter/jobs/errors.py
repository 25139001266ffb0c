"""What can be wrong with a job. Each message is one sentence that a data scientist can act on."""

from scatter.errors import BadInput


class JobError(BadInput):
    """A job folder, or a part of a job that came from elsewhere, is not as it must be."""


class ArchiveError(JobError):
    """An archive is damaged, not canonical, or would unpack to something that is not allowed."""


class ManifestError(JobError):
    """A manifest is not the canonical block of its kind."""
