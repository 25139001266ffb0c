"""Figures of a recording: each answers the question in its title. `draw_all` makes the files."""
