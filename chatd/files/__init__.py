"""The files that members send: their names, their kinds, and where they are kept."""
