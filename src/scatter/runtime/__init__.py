"""Running job code that nobody trusts: the local sandbox, made of bubblewrap, seccomp, limits and a locked Python."""

from scatter.runtime.sandbox import LocalSandbox

__all__ = ["LocalSandbox"]
