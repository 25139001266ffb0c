"""The pages: HTML for people. Links and forms work by themselves; HTMX only spares them the whole page."""
