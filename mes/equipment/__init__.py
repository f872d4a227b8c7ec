"""Equipment and rooms: status, calibration, whose batch they hold, and what instruments say."""
