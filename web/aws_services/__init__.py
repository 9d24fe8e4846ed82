"""The parts of AWS's services beside Lambda that functions and their tools need."""
