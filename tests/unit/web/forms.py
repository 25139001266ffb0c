"""Forms of a page, as a browser sends them when nobody touched them."""

from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._inside, self._select = action, False, ""
        self._options = list[tuple[str, bool]]()
        self._reading = False
        self.found = dict[str, str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("action") == self._action
        elif self._inside and tag == "input" and given.get("name"):
            self.found[str(given["name"])] = given.get("value") or ""
        elif self._inside and tag == "select":
            self._select, self._options = str(given["name"]), []
        elif self._select and tag == "option":
            self._options.append((given.get("value") or "", "selected" in given))
            self._reading = "value" not in given

    def handle_data(self, data: str) -> None:
        if self._reading:
            self._options[-1] = (data, self._options[-1][1])

    def handle_endtag(self, tag: str) -> None:
        if tag == "option":
            self._reading = False
        elif tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected] or [self._options[0][0]]
            self.found[self._select] = chosen[-1]
            self._select = ""
        elif tag == "form":
            self._inside = False


def fields_sent(page: str, action: str) -> dict[str, str]:
    """What the form of a page that goes to an address would send, without its token."""
    reader = _Reader(action)
    reader.feed(page)
    assert reader.found, f"there is no form that goes to {action}"
    reader.found.pop("csrf")
    return reader.found
