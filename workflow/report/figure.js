// The whole width, or large with bars to move; the page of a figure takes the focus when it opens.
const [button, figure] = document.querySelectorAll("button, .figure");
const enlarge = () => button.setAttribute("aria-pressed", figure.classList.toggle("large"));
button.onclick = enlarge;
figure.firstElementChild.onclick = enlarge;
document.querySelector("h1").focus();
