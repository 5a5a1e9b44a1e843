"""What a milestones table is: its columns, how pages become one, how two become one."""
