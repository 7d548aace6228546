"""What is sent out: leased row by row, in order within its lane, tried until it arrives or is given up aloud."""
