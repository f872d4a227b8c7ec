"""The machine that the laboratory runs on: its clock and its disks, watched, and said when they are not well."""
