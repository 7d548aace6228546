// The server's clock, and times as people read them.

const clock = {
	ahead: 0,

	// now: ISO, as the server said it just now.
	set(now) {
		this.ahead = Date.parse(now) - Date.now();
	},

	now() {
		return Date.now() + this.ahead;
	},
};

function timeOf(iso) {
	return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

function dayOf(iso) {
	const day = new Date(iso);
	const days = Math.round((new Date(clock.now()).setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 86_400_000);
	if (days === 0) return "Today";
	if (days === 1) return "Yesterday";
	return day.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", year: "numeric" });
}

function momentOf(iso) {
	return `${dayOf(iso)} ${timeOf(iso)}`;
}

// 0:07, 12:30, 3 h 05, 2 d 4 h
function lasted(milliseconds) {
	const seconds = Math.max(0, Math.floor(milliseconds / 1000));
	const two = (number) => String(number).padStart(2, "0");
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
	const hours = Math.floor(minutes / 60);
	return hours < 24 ? `${hours} h ${two(minutes % 60)}` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
