"""Processes of the operating system: forks, children, descriptors, deaths. Knows no task."""
