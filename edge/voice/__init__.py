"""The sound of calls: bridge, phones of the office, recordings, announcements."""
